import Virtiofsctl

run()
