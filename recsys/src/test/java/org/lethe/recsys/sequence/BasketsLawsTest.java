package org.lethe.recsys.sequence;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;

class BasketsLawsTest extends SubjectLaws<Events, NextItems> {
    @Override
    protected Subject<Events, NextItems> subject() {
        return new Baskets();
    }

    @Override
    protected Events data() {
        return new PlantedBaskets(60, 5).load(new DataFolders(List.of()));
    }
}
