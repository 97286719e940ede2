package org.lethe.recsys.sequence;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;

class SessionsLawsTest extends SubjectLaws<Events, NextItems> {
    /** Networks in small. */
    static final String[] QUICK = {"fmc {dims: 4, epochs: 2}"};

    @Override
    protected Subject<Events, NextItems> subject() {
        return new Sessions();
    }

    @Override
    protected Events data() {
        return new PlantedSessions(60, 3).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Events, NextItems>> models() {
        return quick(subject().models(), QUICK);
    }
}
