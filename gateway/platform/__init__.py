"""The whole platform as one program: embedded servers, services, the composed graph and the router over it."""
