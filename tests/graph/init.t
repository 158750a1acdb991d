`weir init` without interfaces that it could take. What it writes is in tests/net/test_kernel_router.sh.

=== how it is called
== run
weir init
== exit 2
== stderr
usage: weir init [options] IF ...
...

=== an option that there is not
== run
weir init --nothing lo
== exit 2
== stderr
...
usage: weir init [options] IF ...
...

=== interfaces that cannot be had
== run
weir init nothing0 lo -o file; test ! -e file
== stderr
weir init: nothing0: there is no such interface
weir init: lo: it is no Ethernet interface
