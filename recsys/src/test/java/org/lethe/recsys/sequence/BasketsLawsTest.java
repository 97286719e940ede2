package org.lethe.recsys.sequence;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;

class BasketsLawsTest extends SubjectLaws<Events, NextItems> {
    /** The network in small. */
    static final String QUICK = "sets2sets {dims: 4, hidden: 5, epochs: 2}";

    @Override
    protected Subject<Events, NextItems> subject() {
        return new Baskets();
    }

    @Override
    protected Events data() {
        return new PlantedBaskets(60, 5).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Events, NextItems>> models() {
        return quick(subject().models(), QUICK);
    }
}
