"""How payments speaks to those who move money: one port, and an adapter for each kind of provider."""
