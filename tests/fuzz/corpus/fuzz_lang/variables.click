define($a 1 'two three' "four", b $a, $c, $d ${b[1]}$OUTSIDE)
A($a, ${a[1]}, "${b[2]}$c", '$a', $(f $a), $$a, ${no-$d}, ${no[$c]-x}, ${ a }, $EMPTY/$b)
{ $a | define($b $a) B($a$b) }("x $a", )
Script(set x $(add $x 1), print "$x" $? $#)
