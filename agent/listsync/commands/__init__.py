"""Every command once: a request record becomes a reply record; transports only translate."""
