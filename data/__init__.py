"""The tables of the book and the recipes that write them."""
