package org.lethe.text;

/** How good an answer to a prompt is; higher is better. */
@FunctionalInterface
public interface Reward {
    /** The reward of one answer. */
    double of(String prompt, String answer);
}
