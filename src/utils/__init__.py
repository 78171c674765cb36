"""The thin core: prompts and aggregation. Values and data frames in, values and data frames out.

In the order in which one would read them:

errors            the one error meant for a person, and the near misses that it offers
cells             what is asked: steps, dimensions, states, the cells of a step and their names
rules             what the paper leaves open: the choices, and one choice for each as a value
prompts           the questions, from `templates/`, with a statement that cannot leave its place
answer_words      what is known of each language that replies are read in, from `templates/`
reply_parser      what a reply says: its state and its answer
accounting        where every planned cell ended
vote_filter       debates -> statements, by the votes of Kialo's users
votes             the answers of the runs -> the vote of each model in each language, and ties
labels            votes -> relevance and polarity labels
label_robustness  which judges dissent, which labels another rule would flip
scores            labels and votes -> positions of models and groups; directions against people
"""
