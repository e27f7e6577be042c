"""Our routing rules and other systems' rules on the same arrivals: who is served when, and by whom."""
