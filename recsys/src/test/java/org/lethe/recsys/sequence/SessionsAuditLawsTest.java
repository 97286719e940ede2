package org.lethe.recsys.sequence;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;

class SessionsAuditLawsTest extends AuditLaws<Events, NextItems> {
    @Override
    protected Subject<Events, NextItems> subject() {
        return new Sessions();
    }

    @Override
    protected Events data() {
        return new PlantedSessions(400, 3).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Events, NextItems>> models() {
        return only(subject().models(), "vmis-knn");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "stream {requests: 100, measure: [10]}");
    }
}
