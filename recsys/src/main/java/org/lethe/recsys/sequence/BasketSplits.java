package org.lethe.recsys.sequence;

import java.util.Arrays;
import java.util.List;

/** Which users of a data set of baskets serve as neighbours of others. */
final class BasketSplits {
    /** The attribute of users that names their part in a published split; only those of {@link #TRAIN} are neighbours. */
    static final String KEYSET = "keyset";

    static final String TRAIN = "train";

    private BasketSplits() {}

    static boolean[] neighbours(Events data) {
        boolean[] neighbours = new boolean[data.userCount()];
        if (!data.users().attributes().containsKey(KEYSET)) {
            Arrays.fill(neighbours, true);
            return neighbours;
        }
        List<String> labels = data.users().categorical(KEYSET).labels();
        int[] codes = data.users().categorical(KEYSET).codes();
        for (int u = 0; u < codes.length; u++) {
            neighbours[u] = codes[u] == labels.indexOf(TRAIN);
        }
        return neighbours;
    }
}
