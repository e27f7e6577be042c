"""The one room that names concrete classes: small files, each of which builds one part of a process."""
