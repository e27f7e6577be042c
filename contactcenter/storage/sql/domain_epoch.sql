SELECT epoch FROM routing_domains WHERE domain_id = $1
