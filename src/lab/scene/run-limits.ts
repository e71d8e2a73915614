/** Steps of one program without an end are somebody's mistake. */
export const MOST_STEPS = 20_000;
/** Programs of one run. */
export const MOST_PROGRAMS = 200;
/** What is done to one run from outside. */
export const MOST_INPUTS = 5000;
