"""What Webcrm and Customerp must do together, shown over real HTTP on the sandbox's two systems."""
