"""Concrete models: a checkpoint's shape -> parameters, memory, operations, time; what a machine is.

Arithmetic over `report.checkpoint.Shape`, with no model built and nothing downloaded. What cannot be known from a shape (speed of
a machine) comes in as numbers; `lab.calibration` measures it.
"""
