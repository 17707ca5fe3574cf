"""The book without a network: what a browser keeps of it (``kept``), and the book as a folder to read (``bundle``)."""
