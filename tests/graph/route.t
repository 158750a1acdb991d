Look-ups of the kernel's routes: what can be said of a configuration before anything is opened. What they do
with packets is in tests/net/test_kernel_router.sh.

=== a router of the kernel's routes is whole on a machine without its interfaces
== run
weir check config
== file config
k :: KernelRoutes(nothing0, nothing1, LIMIT 1000);
Idle -> rt4 :: KernelIPLookup(k, IIF nothing0);
Idle -> rt6 :: KernelIP6Lookup(k);
rt4[host], rt4[no_route], rt4[unreachable], rt4[prohibit], rt4[blackhole], rt4[5], rt4[6] -> Discard;
rt6[host], rt6[6] -> Discard;
== stdout
config: 7 elements, 11 connections, no errors

=== mistakes in its arguments
== run
weir check config
== file config
k :: KernelRoutes(nothing0, nothing0);
l :: KernelRoutes(nothing0);
c :: Counter;
Idle -> a :: KernelIPLookup(c) -> Discard;
Idle -> b :: KernelIPLookup(m) -> c -> Discard;
Idle -> d :: KernelIP6Lookup(l);
d[7] -> Discard;
== exit 1
== stderr
config:1:29: `nothing0' is given twice
  k :: KernelRoutes(nothing0, nothing0);
                              ^
config:4:29: `c' (Counter) does not follow the kernel's routes, as KernelRoutes does
  Idle -> a :: KernelIPLookup(c) -> Discard;
                              ^
config:5:29: argument `KERNEL': there is no element `m'
  Idle -> b :: KernelIPLookup(m) -> c -> Discard;
                              ^
config:6:30: output 7 does not exist: `l' has 1 interface
  Idle -> d :: KernelIP6Lookup(l);
                               ^
