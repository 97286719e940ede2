package org.lethe.text;

/**
 * Two answers to one prompt, of which people prefer the first.
 *
 * @param prompt the text before the answers
 * @param chosen the preferred answer
 * @param rejected the other answer
 */
public record Preference(String prompt, String chosen, String rejected) {}
