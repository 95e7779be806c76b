"""Worth of a stream of money: present value, rates of return, payback, ratios, real and nominal, sensitivity.

Amounts here are floats for calculation; what is stored and shown is decimal with a currency.
"""
