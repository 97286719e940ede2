package org.lethe;

/** The promise of a method about its result, shown in every report. */
public enum Exactness {
    /** The result has the bits of a model that never saw the data. */
    EXACT("exact"),
    /** The model that never saw the data, up to the rounding of floating-point numbers. */
    EXACT_UP_TO_ROUNDING("exact up to rounding"),
    /** Exact once the partition into shards is taken as given; the partition itself was drawn with the data in it. */
    EXACT_GIVEN_PARTITION("exact given the partition"),
    /** The result is only near; audits measure how near. */
    APPROXIMATE("approximate"),
    /** Nothing is promised: a control, or a method without a claim of this kind. */
    NONE("none");

    private final String label;

    Exactness(String label) {
        this.label = label;
    }

    /** The words for it in tables. */
    public String label() {
        return label;
    }
}
