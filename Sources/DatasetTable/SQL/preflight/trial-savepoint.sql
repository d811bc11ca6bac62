-- A statement that the server refuses ends the transaction; what came before this point is kept.
SAVEPOINT trial
