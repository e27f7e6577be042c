SELECT node FROM router_nodes WHERE expires_at > clock_timestamp() ORDER BY node
