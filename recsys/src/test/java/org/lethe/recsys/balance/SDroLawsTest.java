package org.lethe.recsys.balance;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Pmf;
import org.lethe.recsys.data.Planted;

/** The laws of S-DRO, on a model that can weigh samples. */
class SDroLawsTest extends MethodLaws<Split, Recommender> {
    @Override
    protected Subject<Split, Recommender> subject() {
        return new Recsys();
    }

    @Override
    protected Split data() {
        return new Planted(60, 40, 10, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Split, Recommender>> models() {
        return List.of(new Pmf().withEpochs(2));
    }

    @Override
    protected List<Request> requests() {
        return List.of(new Balance("activity", List.of(), 0.2));
    }

    @Override
    protected List<Method<Split, Recommender>> methods() {
        return List.of(new SDro(), new SDro(SDro.Form.CODE, 0.1, 0.01));
    }
}
