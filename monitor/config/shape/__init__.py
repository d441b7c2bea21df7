"""What a file may say: keys, values, and the schema that editors read."""
