VLAN tags: sub-interfaces by Classifier, QinQ, priorities, handlers, mistakes.

=== a frame finds its sub-interface, and its answer the tag; the priority stays
== run
click config
== file config
elementclass Trunk { in :: Classifier(12/8100 14/000a%0fff, 12/88a8 14/0064%0fff 16/8100 18/0007%0fff, 12/0800, -);
	input -> in;
	in[0] -> VLANDecap -> Print(v10, 16) -> VLANEncap(ANNO) -> [0] output;
	in[1] -> VLANDecap(false, ETHERTYPE 0x88a8) -> VLANDecap -> Print(v100.7, 16)
		-> VLANEncap(ANNO) -> VLANEncap(VLAN_ID 100, ETHERTYPE 0x88a8) -> [0] output;
	in[2] -> Print(plain, 16) -> [0] output;
	in[3] -> Print(none, 20) -> Discard }
plain :: InfiniteSource(LIMIT 1, LENGTH 60, DATA \<020000000002 020000000001 0800 4500>)
	-> trunk :: Trunk -> Print(out, 24) -> Discard;
ten :: InfiniteSource(LIMIT 1, LENGTH 60, DATA \<020000000002 020000000001 8100 a00a 0800 4500>) -> trunk;
qinq :: InfiniteSource(LIMIT 1, LENGTH 60,
	DATA \<020000000002 020000000001 88a8 0064 8100 6007 0800 4500>) -> trunk;
other :: InfiniteSource(LIMIT 1, LENGTH 60, DATA \<020000000002 020000000001 8100 000b 0800 4500>) -> trunk;
DriverManager(wait 10ms);
== stderr
plain:   60 | 02000000 00020200 00000001 08004500
out:   60 | 02000000 00020200 00000001 08004500 02000000 00020200
v10:   56 | 02000000 00020200 00000001 08004500
out:   60 | 02000000 00020200 00000001 8100a00a 08004500 02000000
v100.7:   52 | 02000000 00020200 00000001 08004500
out:   60 | 02000000 00020200 00000001 88a80064 81006007 08004500
none:   60 | 02000000 00020200 00000001 8100000b 08004500

=== priority tags, and the native VLAN
== run
click config
== file config
InfiniteSource(LIMIT 1, DATA \<020000000002 020000000001 8100 e000 0800 4500>)
	-> VLANDecap -> t :: Tee -> VLANEncap(ANNO) -> Print(default, 16) -> Discard;
t[1] -> VLANEncap(ANNO, NATIVE_VLAN -1) -> Print(all, 18) -> Discard;
DriverManager(wait 10ms);
== stderr
default:   16 | 02000000 00020200 00000001 08004500
all:   20 | 02000000 00020200 00000001 8100e000 0800

=== handlers
== run
click config -h '*.vlan_tci' -h '*.vlan_id' -h '*.vlan_pcp' -h e.native_vlan -h e.ethertype
== file config
Idle -> e :: VLANEncap(VLAN_ID 5, VLAN_PCP 3) -> a :: SetVLANAnno(0xa064) -> n :: VLANEncap(ANNO) -> Discard;
Script(write e.vlan_id 6, write e.vlan_pcp 1, write e.native_vlan 9, write e.ethertype 0x88a8, write a.vlan_tci 7);
DriverManager(stop);
== stdout
e.vlan_tci:
8198

a.vlan_tci:
7

n.vlan_tci:
ANNO

e.vlan_id:
6

a.vlan_id:
7

n.vlan_id:
0

e.vlan_pcp:
1

a.vlan_pcp:
0

n.vlan_pcp:
0

e.native_vlan:
9

e.ethertype:
0x88a8

=== mistakes
== run
weir check config
== file config
Idle -> VLANEncap ->
	VLANEncap(5, VLAN_ID 6) -> VLANEncap(VLAN_ID 4096) -> VLANEncap(ANNO, 5)
	-> VLANEncap(5, 8) -> VLANEncap(70000) -> SetVLANAnno(ANNO) -> SetVLANAnno(VLAN_PCP 3)
	-> VLANEncap(5, NATIVE_VLAN -2) -> Discard;
== stderr
config:1:9: one of VLAN_TCI and VLAN_ID must be given
  Idle -> VLANEncap ->
          ^
config:2:12: one of VLAN_TCI and VLAN_ID must be given, not both
  	VLANEncap(5, VLAN_ID 6) -> VLANEncap(VLAN_ID 4096) -> VLANEncap(ANNO, 5)
  	          ^
config:2:47: argument `VLAN_ID': 4096 is out of range, must be 0 to 4095
  	VLANEncap(5, VLAN_ID 6) -> VLANEncap(VLAN_ID 4096) -> VLANEncap(ANNO, 5)
  	                                             ^
config:2:66: VLAN_PCP: with ANNO the annotation has it
  	VLANEncap(5, VLAN_ID 6) -> VLANEncap(VLAN_ID 4096) -> VLANEncap(ANNO, 5)
  	                                                                ^
config:3:18: argument `VLAN_PCP': 8 is out of range, must be 0 to 7
  	-> VLANEncap(5, 8) -> VLANEncap(70000) -> SetVLANAnno(ANNO) -> SetVLANAnno(VLAN_PCP 3)
  	                ^
config:3:24: argument `VLAN_TCI': 70000 is out of range, must be 0 to 65535
  	-> VLANEncap(5, 8) -> VLANEncap(70000) -> SetVLANAnno(ANNO) -> SetVLANAnno(VLAN_PCP 3)
  	                      ^
config:3:44: argument `VLAN_TCI': expected an unsigned number, got `ANNO'
  	-> VLANEncap(5, 8) -> VLANEncap(70000) -> SetVLANAnno(ANNO) -> SetVLANAnno(VLAN_PCP 3)
  	                                          ^
config:3:77: one of VLAN_TCI and VLAN_ID must be given
  	-> VLANEncap(5, 8) -> VLANEncap(70000) -> SetVLANAnno(ANNO) -> SetVLANAnno(VLAN_PCP 3)
  	                                                                           ^
config:4:30: argument `NATIVE_VLAN': -2 is out of range, must be -1 to 4095
  	-> VLANEncap(5, NATIVE_VLAN -2) -> Discard;
  	                            ^
== exit 1
