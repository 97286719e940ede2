package org.lethe.recsys;

/** A recommender that another one answers for; what else it keeps is for later requests. */
public interface Delegating extends Recommender {
    @Override
    Recommender served();

    @Override
    default int users() {
        return served().users();
    }

    @Override
    default int items() {
        return served().items();
    }

    @Override
    default float score(int user, int item) {
        return served().score(user, item);
    }

    @Override
    default void scores(int user, float[] into) {
        served().scores(user, into);
    }

    @Override
    default void scores(int[] users, float[] into) {
        served().scores(users, into);
    }
}
