"""How a Delta table is doing, from its log alone: no Spark, no listing of the table's folders."""
