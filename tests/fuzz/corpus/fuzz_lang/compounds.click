elementclass Q { $n, RATE $r, __REST__ $more | -> Queue($n, $more) -> s :: Shaper($r) ->
|| $n | input -> Queue($n) -> output; input [1] -> [1] output
|| ... }
elementclass R Q;
x :: X -> Q(1, RATE 2, 3, 4) -> y :: { -> { [0] -> Z -> [0]; } -> } -> x;
x => [0,1] q :: Q(5) => A, B; q2 :: R; q3 :: Q(RATE 1, 2, 3)
elementclass Q { -> Q(9) -> } x [3] -> Q -> x [4] -> ( [0] -> G; -> H -> ) -> (->) -> x
