a :: ; b -> -> c [0 d; { $x y | e :: } f ( g
elementclass { || ... } define($ 1, $x) require(library) a :: A("x, \<0) /*
