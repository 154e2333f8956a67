"""What flows between the rooms: the brief, the artifacts, and the values they are made of."""
