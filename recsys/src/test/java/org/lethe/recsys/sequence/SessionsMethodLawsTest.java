package org.lethe.recsys.sequence;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;

class SessionsMethodLawsTest extends MethodLaws<Events, NextItems> {
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
        return quick(subject().models(), SessionsLawsTest.QUICK);
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "stream {requests: 12, measure: [1, 5]}");
    }

    @Override
    protected List<Request> nothing() {
        return only(subject().requests(), "stream {requests: 0}");
    }
}
