"""The rules of an enrollment (perekaman KTP-el): pure values and functions, standard library only."""
