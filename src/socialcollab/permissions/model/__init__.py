"""What a document says of permissions: roles, grants, forbids, absences and temporary grants."""
