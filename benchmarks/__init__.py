"""What `make bench` measures; figures and commands are kept in docs/performance.md."""
