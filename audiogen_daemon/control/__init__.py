"""How commands arrive and answers leave: the address table and the OSC socket."""
