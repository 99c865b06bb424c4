"""One module for each kind of target: it gives messages their form there, and sends them."""
