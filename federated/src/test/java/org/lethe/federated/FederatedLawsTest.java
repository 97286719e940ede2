package org.lethe.federated;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;

class FederatedLawsTest extends SubjectLaws<Sites, Classifier> {
    /** Every model, in a size that a test can afford many times. */
    static final String[] QUICK = {
        "logistic {federation: {rounds: 2, steps: 5}}", "mlp {hidden: 8, federation: {rounds: 2, steps: 5}}"
    };

    @Override
    protected Subject<Sites, Classifier> subject() {
        return new Federated();
    }

    @Override
    protected Sites data() {
        return new PlantedSites(3, 60, 4, 1.5, 0.8, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Sites, Classifier>> models() {
        return quick(subject().models(), QUICK);
    }
}
