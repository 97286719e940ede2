package org.lethe;

/** The verdict of a finding on its bar. */
public sealed interface Verdict {
    /** Whether the bar is met, where the data decide. */
    static Verdict of(boolean met, String bar) {
        return met ? new Pass(bar) : new Fail(bar);
    }

    /** The bar, in words: {@code at most 0.05}. */
    String bar();

    /** The bar is met. */
    record Pass(String bar) implements Verdict {}

    /** The bar is missed. */
    record Fail(String bar) implements Verdict {}

    /** The data do not decide, for the reason given. */
    record Undecided(String bar, String why) implements Verdict {}
}
