Handlers from outside: ControlSocket, its protocol, and the commands that talk to a running router.

=== the commands of the protocol
== run
click config &
python3 talk s.sock <<END
read c.count
READ 1.class
READ s.run 4 5
READDATA s.run 3|6 7
WRITE c.reset
WRITE c.resetx
READ d.x
WRITE c.count
READ c.reset
checkread c.count
CHECKWRITE c.reset
CHECKWRITE c.count
READUNTIL s.run foo|10 20|foo
LLRPC c#1
WRITEDATA c.reset x
READDATA s.run
READ s.cat config
READ s.add x y
READ s.fail
WRITE
GET version
SET c.reset
READ s.run 1
WRITE stop
END
wait
== file config
c :: Counter; Idle -> c -> Discard; s :: Script(TYPE PROXY, goto f $(eq $0 fail), return $(add $1 $2), label f, error "no luck");
ControlSocket(UNIX, s.sock);
== file talk
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
for _ in range(100):
    try:
        s.connect(sys.argv[1])
        break
    except OSError:
        time.sleep(0.05)
f = s.makefile("rb")
print(f.readline().decode().strip())
for line in sys.stdin:
    s.sendall(line.strip().replace("|", "\r\n").encode() + b"\r\n")
    more = True
    while more:
        answer = f.readline().decode().rstrip("\r\n")
        more = answer[3:4] == "-"
        print(answer)
    if answer.startswith("200 Read handler") and not line.lower().startswith("check"):
        n = int(f.readline().split()[1])
        print("DATA", f.read(n).decode())
print(f.readline())
== stdout
Click::ControlSocket/1.3
200 Read handler 'c.count' OK
DATA 0
200 Read handler '1.class' OK
DATA Counter
200 Read handler 's.run' OK
DATA 9
200 Read handler 's.run' OK
DATA 13
200 Write handler 'c.reset' OK
511 No handler named 'c.resetx'
510 No element named 'd'
530 Handler 'c.count' read-only
530 Handler 'c.reset' write-only
200 Read handler 'c.count' OK
200 Write handler 'c.reset' OK
511 Handler 'c.count' not writable
200 Read handler 's.run' OK
DATA 30
501 Command 'LLRPC' unimplemented
500 Syntax error in 'WRITEDATA'
500 Wrong number of arguments
511 No handler named 's.cat'
590-Read handler 's.add' error:
590 expected a list of numbers
590-Read handler 's.fail' error:
590 "no luck"
500 Wrong number of arguments
200 Read handler 'version' OK
DATA 0.1
200 Write handler 'c.reset' OK
200 Read handler 's.run' OK
DATA 1
200 Write handler 'stop' OK
b''

=== read-only, by TCP and by option
== run
click -u u.sock config &
python3 talk
wait
== file config
c :: Counter; Idle -> c -> Discard; t :: ControlSocket(TCP, 42077+, READONLY true, LOCALHOST true);
== file talk
import os, socket, time
while not os.path.exists("u.sock"):
    time.sleep(0.02)
def talk(s, text):
    f = s.makefile("rb")
    f.readline()
    s.sendall(text)
    s.shutdown(socket.SHUT_WR)
    print(f.read().decode().replace("\r", ""))
u = socket.socket(socket.AF_UNIX)
u.connect("u.sock")
for port in range(42077, 42177):
    try:
        t = socket.create_connection(("127.0.0.1", port))
        break
    except OSError:
        pass
talk(t, b"WRITE c.reset\r\nREAD c.config\nQUIT now\r\n")
talk(u, b"\r\n\n\nWRITE c.reset\rHELP\nWRITEDATA c.reset 5\r\nab")
talk(socket.socket(socket.AF_UNIX) if u.close() else (lambda s: s.connect("u.sock") or s)(socket.socket(socket.AF_UNIX)), b"WRITE stop")
== stdout
530 Permission denied for 'c.reset'
200 Read handler 'c.config' OK
DATA 0
500 Bad command syntax
200 Goodbye!

200 Write handler 'c.reset' OK
200-Commands:
...
200 QUIT                    end the connection
500 Not enough data

200 Write handler 'stop' OK

=== a port that is taken, and arguments that are wrong
== run
click -q -e 'a :: ControlSocket(UNIX, s.sock); b :: ControlSocket(UNIX, s.sock)'; echo $?
click -q -e 'ControlSocket(TCP); ControlSocket(UNIX, "", READONLY 7); ControlSocket(FOO, 1); ControlSocket(TCP, 70000)'; echo $?
ls s.sock || true
== stdout
1
1
== stderr
<expr>:1:{{\d+}}: control socket s.sock: bind: Address already in use
...
ls: {{.*}}

=== a running router is read and written
== run
export WEIR_RUN_DIR=$PWD/run
weir run router.click >/dev/null 2>&1 &
while [ ! -S run/router.sock ]; do sleep 0.02; done
weir read c.count
weir read s.add 1 2
weir read -n router c.class
weir write c.reset
weir write c.count 5; echo $?
weir read c.nothing; echo $?
weir read -n other c.count; echo $?
weir list elements
weir list handlers c | head -3
weir list handlers | grep stats
weir stats | grep '^c '
weir run -n router router.click >/dev/null; echo $?
weir write stop
wait
ls run
weir read c.count; echo $?
== file router.click
c :: Counter; Idle -> c -> Discard; s :: Script(TYPE PASSIVE);
== stdout
0
3
Counter
1
1
1
4
c
Idle@2
Discard@3
s
name	r.
class	r.
config	r.
stats	r
c                                Counter            userspace            0              0  0 0
1
1
== stderr
Handler 'c.count' read-only
No handler named 'c.nothing'
cannot reach router `other': {{.*}}/run/other.sock: No such file or directory
weir: control socket {{.*}}/run/router.sock: bind: Address already in use
weir: a router named `router' runs already, choose a --name
no router runs here: {{.*}}/run has no socket

=== a socket file that was left behind is replaced
== run
python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("u.sock")'
click -u u.sock -e 'Script(print "runs", stop)'
ls u.sock 2>/dev/null
touch u.sock
click -u u.sock -e 'Script(print "runs", stop)'
cat u.sock
== stdout
runs
== stderr
control socket u.sock: bind: Address already in use

=== check, list and help
== run
weir check good
weir check -q good N=7
weir check -q bad; echo $?
weir check; echo $?
weir list classes | grep '^Script '
weir list | grep -c .
weir help AddressInfo
# every class that takes arguments says which
for c in Classifier IPClassifier IPFilter RadixIPLookup Script ARPResponder; do
	weir help $c | grep -A1 '^arguments:' | tail -n 1
done
weir help Scripts; echo $?
weir help Zyzzyva; echo $?
weir nonsense; echo $?
== ignore stderr
== file good
define($N 5) Idle -> Queue($N) -> Unqueue -> Discard
== file bad
Idle -> Queue(x) -> Unqueue -> Discard
== stdout
good: 4 elements, 3 connections, no errors
1
2
Script               runs a script that uses handlers
{{\d\d+}}
AddressInfo: gives names to addresses

ports 0/0, processing a/a, flow x/x

arguments:
  NAME ADDRESS...    the addresses that NAME means: IP address, IP prefix, IPv6 address, IPv6 prefix, Ethernet address; or those of an interface

handlers:
  name               r   name of the element
...
  [!]OFFSET/VALUE[%MASK] ...
  PATTERN            of one output, as for tcpdump: {{.*}}
  ACTION [PATTERN]   the first rule that matches decides: {{.*}}
  ADDR/MASK [GATEWAY] OUTPUT
  INSTRUCTION        a step: {{.*}}
  ADDR[/MASK]... ETH {{.*}}
1
1
2
