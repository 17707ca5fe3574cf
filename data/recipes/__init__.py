"""How the tables of the data package are made from the providers' files.

Each module makes one table: ``NAME``, ``INPUTS`` (files below the folder given), ``PUBLISHED``
(where the provider publishes them) and ``make(folder)``, which returns the rows in order.
``python -m data.recipes`` lists them; ``python -m data.recipes FOLDER NAME`` writes one.
"""
