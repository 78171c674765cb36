"""What the notebooks share: one small module for each step from debates to figures."""
