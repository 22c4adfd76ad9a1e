"""What ``labgate init`` finds in a repository, the policy that it proposes, and the files and settings that follow."""
