package org.lethe.recsys.sequence;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
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
    protected List<Method<Events, NextItems>> methods() {
        return quick(
                subject().methods(),
                "sru {shards: 3, more: 1, epochs: 1}",
                "row-refit {ridge: 1}",
                "scif {iterations: 3}",
                "kookmin {epochs: 1}",
                "fanchuan {steps: 3, rounds: 1}",
                "seif {epochs: 1}",
                "gif {iterations: 3, steps: 1}",
                "ceu {iterations: 3, steps: 1}",
                "idea {iterations: 3, steps: 1}");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "stream {requests: 5, measure: [1, 2]}");
    }

    @Override
    protected List<Request> nothing() {
        return only(subject().requests(), "stream {requests: 0}");
    }
}
