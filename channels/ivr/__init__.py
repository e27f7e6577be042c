"""The room for IVR flows as data; until they come, a platform's own IVR posts its results by the phone door."""
