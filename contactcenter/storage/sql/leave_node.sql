DELETE FROM router_nodes WHERE node = $1
