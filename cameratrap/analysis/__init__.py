"""Numbers that researchers publish, each with its definition: values in, values out."""
