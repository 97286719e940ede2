package org.lethe;

/** Where a person watches a step; implementations are safe for use by many threads. */
public interface Progress {
    /** Nobody watches. */
    Progress NONE = (what, total) -> new Step() {
        @Override
        public void advance(long amount) {}

        @Override
        public void note(String message) {}

        @Override
        public void close() {}
    };

    /** Begins something that has {@code total} parts. */
    Step begin(String what, long total);

    /** Something that is under way. */
    interface Step extends AutoCloseable {
        /** So many parts more are done. */
        void advance(long amount);

        /** A few words beside the bar: the current loss, the current score. */
        void note(String message);

        @Override
        void close();
    }
}
