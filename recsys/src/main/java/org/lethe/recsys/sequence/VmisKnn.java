package org.lethe.recsys.sequence;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;

/**
 * Recommends what followed in similar recent sessions: VMIS-kNN (Kersbergen, Sprangers and Schelter, SIGMOD 2022).
 *
 * <p>Nothing is trained. The model is an index from items to their sessions, newest first. Each of the last clicks adds to the
 * similarity of the sessions of its item, a newer click more. The most similar sessions vote for their items, weighted by
 * the rarity of the item. A session can be taken out again in microseconds, with the bits of an index built without it.
 *
 * <p>Unlike the authors' code, the weight of an old shared click never turns negative, the longest session is a setting
 * instead of a percentile of all data, and the time of a session is that of its last click.
 *
 * <p>Cost: a sort of all sessions by time.
 *
 * @param sessions how many of the most recent sessions of an item are looked at, and how many are held at once
 * @param neighbours how many of the most similar sessions vote
 * @param clicks how many of the last clicks count
 * @param longest sessions with more clicks are left out; 0 keeps all
 */
@Named("vmis-knn")
public record VmisKnn(int sessions, int neighbours, int clicks, int longest) implements CountingLearner {
    public VmisKnn {
        Check.require(sessions >= 1, "sessions", sessions, "at least 1");
        Check.require(neighbours >= 1, "neighbours", neighbours, "at least 1");
        Check.require(clicks >= 1, "clicks", clicks, "at least 1");
        Check.require(longest >= 0, "longest", longest, "at least 0");
    }

    /** The authors' example: 500 sessions, 50 neighbours, the last 2 clicks. */
    public VmisKnn() {
        this(500, 50, 2, 0);
    }

    @Override
    public SessionIndex train(Events data, Env env) {
        return SessionIndex.of(this, data);
    }

    @Override
    public Estimate estimate(Events data) {
        return new Estimate(1e-6 * data.size(), 40L * data.size());
    }
}
