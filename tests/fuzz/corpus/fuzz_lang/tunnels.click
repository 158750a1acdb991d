require(package p, compact_config, "q r");
connectiontunnel p -> p/input, p/output -> p, u -> v;
a :: A -> p; p/input -> C -> p/output; p -> u; v [1] -> a; a [1] -> [1] u; v -> u;
