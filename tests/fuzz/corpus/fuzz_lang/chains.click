// declarations, chains, lists of ports
a, b, c :: Idle(1, "x, y", 'z)', \<00 ff>);
a, a [1] -> b -> P, Q;
a => b, c, [0,1] a; a [2-4] => [1,] b;
c [err] -> [in] D(( )) /* x */ [0] -> [1] b // y
# 12 "other"
b -> e :: E(1
#line 3
) -> x/y@3 :: F;
